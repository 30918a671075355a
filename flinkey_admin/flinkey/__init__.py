"""The flinkey API v3 for Python: thirty operations, one typed method each.

It needs nothing but requests and knows nothing of the dashboard. Start with `Transport` (one per process)
and `Flinkey`.
"""

from . import errors, records
from .auth import Token
from .changes import UNSET, AssignmentChange, NewAssignment
from .client import OPERATIONS, Flinkey
from .odata import Odata, odata_string
from .records import Kind
from .transport import Transport

__all__ = [
    "OPERATIONS",
    "UNSET",
    "AssignmentChange",
    "Flinkey",
    "Kind",
    "NewAssignment",
    "Odata",
    "Token",
    "Transport",
    "errors",
    "odata_string",
    "records",
]
