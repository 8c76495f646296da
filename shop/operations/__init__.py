"""What operators ask the shop: is it alive, is it ready, how is it doing."""
