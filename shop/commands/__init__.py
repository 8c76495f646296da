"""The larger commands of `shop`, one file each; shop.cli adds them to the command line."""
