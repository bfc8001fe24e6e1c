"""Amounts of money: whole cents, so that nothing is lost on the way."""

import re

AMOUNT = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{2}))?")


def percentage(amount: int, percent: int) -> int:
    """So many per cent of an amount, half cents rounded up."""
    return (amount * percent + 50) // 100


def split(amount: int, parts: int) -> list[int]:
    """An amount in equal parts; the first ones carry what does not divide."""
    if parts < 1:
        raise ValueError("an amount is split into at least one part")
    share, left = divmod(amount, parts)
    return [share + 1] * left + [share] * (parts - left)


def parse_amount(text: str) -> int:
    """Read "1,234.50" or "12" as cents."""
    match = AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    sign, whole, cents = match.groups()
    amount = int(whole.replace(",", "")) * 100 + int(cents or 0)
    return -amount if sign else amount


def show(amount: int) -> str:
    """Cents as "1,234.50"."""
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{cents:02}"
