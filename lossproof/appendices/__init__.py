"""Appendices of papers: what goes into one, writing it, and saying later whether it still is what its proofs show."""

from lossproof.appendices.plan import Choices, Item, Plan, plan_of, read_plan
from lossproof.appendices.verify import Report, verify
from lossproof.appendices.write import appendix, write_appendix

__all__ = ["Choices", "Item", "Plan", "Report", "appendix", "plan_of", "read_plan", "verify", "write_appendix"]
