"""Calculates the taxes of an order. Pure: integers in minor units of the shopper's currency.

Rounding: half away from zero, as in shop.money (Council Regulation (EC) No 1103/97, article 5), once for each tax of an
order, not per line: European law leaves the choice to the Member States (Court of Justice, 10 July 2008, C-484/06,
Koninklijke Ahold), and one rounding makes the smaller error. Taxes that one price contains together are rounded once
and distributed by the largest remainder.

Shipping is taxed as the goods are, in proportion to their value: it is part of their taxable amount (Council Directive
2006/112/EC, article 78). A multi-purpose voucher is not taxed at its sale (article 30b), so it has no share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shop.catalog.model import TaxClass
from shop.checkout.model import TaxAmount, Untaxed
from shop.money import allocate, half_up

TAX_UNITS = 100_000
"""Thousandths of a percent in 100%: rates of tax have up to three decimals."""


class TaxRate(msgspec.Struct, frozen=True, kw_only=True):
    """A tax and its rate at one place, for one class of goods."""

    name: str
    """'VAT'."""
    rate: int
    """Thousandths of a percent: 9.975% is 9975. 0 for goods that are taxed at nothing."""
    on_shipping: bool = True
    """Whether shipping is taxed too."""


Rates = tuple[TaxRate, ...]


class TaxCase(msgspec.Struct, frozen=True, kw_only=True):
    """The taxes of one destination."""

    rates: Mapping[TaxClass, Rates] = {}
    """By class; a class that is missing is not taxed."""
    included: bool = False
    """Whether prices contain them; otherwise they are added."""
    excess: Mapping[TaxClass, int] = {}
    """The rate of the taxes in the catalogue's prices that this destination does not pay: to be taken out."""
    shipping_excess: int = 0
    """The same of the shipping prices."""
    untaxed: Untaxed = ""
    """Why no tax is charged."""
    law: str = ""
    """The law by which the seller charges none: '§ 19 UStG'."""

    def net(self, amount: int, tax_class: TaxClass) -> int:
        """A catalogue price in minor units without the taxes that this destination does not pay.

        What is above zero stays so.
        """
        return without_tax(amount, self.excess.get(tax_class, 0))


def without_tax(amount: int, rate: int) -> int:
    """An amount without the tax of this rate that it contains; at least 1 if it is more than 0."""
    return max(half_up(amount * TAX_UNITS, TAX_UNITS + rate), 1 if amount else 0)


class Taxed(msgspec.Struct, frozen=True):
    """The taxes of an order, and what each line has of them: without those of shipping."""

    taxes: tuple[TaxAmount, ...]
    lines: list[int]


def taxed(goods: Sequence[tuple[TaxClass, int]], shipping: int, case: TaxCase) -> Taxed:
    """The taxes of lines (their classes, and totals less the discount) and of shipping."""
    parts = [(case.rates.get(tax_class, ()), amount) for tax_class, amount in goods]
    parts += [
        (tuple(rate for rate in case.rates.get(tax_class, ()) if rate.on_shipping), amount)
        for tax_class, amount in shares_of_shipping(goods, shipping)
    ]
    found: dict[TaxRate, TaxAmount] = {}
    of_parts = [0] * len(parts)
    for rates, bases in _pots(parts, together=case.included).items():
        base, rate = sum(bases), sum(each.rate for each in rates)
        tax = half_up(base * rate, TAX_UNITS + rate if case.included else TAX_UNITS)
        for place, part in enumerate(allocate(tax, bases)):
            of_parts[place] += part
        net = base - tax if case.included else base
        for each, amount in zip(rates, allocate(tax, [one.rate for one in rates]), strict=True):
            before = found.get(each, TaxAmount(each.name, each.rate, 0, 0))
            found[each] = TaxAmount(each.name, each.rate, before.net + net, before.amount + amount)
    return Taxed(tuple(found.values()), of_parts[: len(goods)])


def _pots(parts: Sequence[tuple[Rates, int]], *, together: bool) -> dict[Rates, list[int]]:
    """What is taxed and rounded at once: the amount of each part, by taxes that prices contain together, or by tax."""
    pots: dict[Rates, list[int]] = {}
    for place, (rates, amount) in enumerate(parts):
        for key in (rates,) if together else ((rate,) for rate in rates):
            pots.setdefault(key, [0] * len(parts))[place] += amount
    pots.pop((), None)
    return pots


def shares_of_shipping(goods: Sequence[tuple[TaxClass, int]], shipping: int) -> Iterator[tuple[TaxClass, int]]:
    """What each class of goods has of shipping; all is standard where no goods but vouchers cost anything."""
    worth: dict[TaxClass, int] = {}
    for tax_class, amount in goods:
        if amount and tax_class != "gift-card":
            worth[tax_class] = worth.get(tax_class, 0) + amount
    worth = worth or {"standard": 1}
    yield from zip(worth, allocate(shipping, list(worth.values())), strict=True)
