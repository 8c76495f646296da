"""Stock: reservations, deductions, and the rows derived from it."""
