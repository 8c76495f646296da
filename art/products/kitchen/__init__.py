"""Kitchen: oak, iron and stoneware."""
