"""What is woven: it hangs, lies or is folded, and shows its folds."""
