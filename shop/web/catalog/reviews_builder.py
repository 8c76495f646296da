"""Builds the view of a product's reviews."""

from __future__ import annotations

from datetime import date

from shop.catalog.model import Review, Reviews
from shop.formatting import date_of, decimal
from shop.i18n import gettext as _
from shop.web.catalog.views import ReviewsView, ReviewView


def reviews_view(reviews: Reviews) -> ReviewsView | None:
    """The reviews of a product; None if it has none."""
    if not reviews.count:
        return None
    average = _("{rating} of 5", rating=decimal(reviews.average))
    return ReviewsView(average, reviews.count, tuple(map(_review, reviews.latest)))


def _review(review: Review) -> ReviewView:
    return ReviewView(
        stars="★" * review.rating + "☆" * (5 - review.rating),
        rating=_("{rating} of 5", rating=str(review.rating)),
        author=review.author,
        title=review.title,
        paragraphs=tuple(filter(None, map(str.strip, review.text.splitlines()))),
        date=review.day,
        day=date_of(date.fromisoformat(review.day)),
    )
