"""From a cart to a receipt: what it costs, who pays, and an order that is placed once or not at all."""
