"""When to act: a file for each rule, whose thresholds are its fields."""

from websim.adaptation.rules.collapse import Collapse
from websim.adaptation.rules.mastery import Mastery
from websim.adaptation.rules.plateau import Plateau
from websim.adaptation.rules.schedule import Schedule

Rule = Plateau | Mastery | Collapse | Schedule

RULES: dict[str, type[Rule]] = {
    "plateau": Plateau,
    "mastery": Mastery,
    "collapse": Collapse,
    "schedule": Schedule,
}

__all__ = ["RULES", "Collapse", "Mastery", "Plateau", "Rule", "Schedule"]
