"""One figure under two sets of weights: the unweighted (or design-weighted) one beside the reweighted one."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.text import Text


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two estimates of one estimand with the same keys.

    Attributes
    ----------
    before, after : Estimate
        Without and with the new weights.
    what : Text
        What the new weights do.
    """

    before: Estimate
    after: Estimate
    what: Text

    def __post_init__(self) -> None:
        if not self.before.keys.equals(self.after.keys):
            msg = (
                f"{self.before.about.estimand}: the two sets of weights give {len(self.before)} and {len(self.after)} "
                "values with different keys; compare the same waves and groups"
            )
            raise EstimationError(msg)

    def tidy(self) -> pd.DataFrame:
        """Return keys and ``before, before_se, after, after_se, difference, difference_in_se``.

        ``difference_in_se`` is the difference in units of the standard error before; a rule of thumb, no test:
        both figures rest on the same households.
        """
        out = self.before.keys.copy()
        out["before"], out["before_se"] = self.before.values, self.before.std_error
        out["after"], out["after_se"] = self.after.values, self.after.std_error
        out["difference"] = self.after.values - self.before.values
        se = pd.Series(self.before.std_error)
        out["difference_in_se"] = out["difference"] / se.where(se > 0)
        return out
