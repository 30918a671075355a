"""What the journal tells those above it, who keep a copy of the fleet. It does not know them."""

from django.dispatch import Signal

# `steps`: the steps that have just come true in flinkey, and are noted.
confirmed = Signal()
# `operation_id`: a window of this change has just come to its end, so what has waited for it may go on.
settled = Signal()
# `seconds`: flinkey has just asked to be left alone for so long.
paused = Signal()
# `customer`, `said`: a message of flinkey about a window that no open change of ours is about.
told = Signal()
# Receivers return the seconds for which flinkey must be left alone: it asked for that, or was not reached just now.
# `asked`: only what it asked for counts.
pause_left = Signal()
# The worker of changes is alive and looks around, every other second: whoever does something now and then hangs on it.
looked = Signal()
# `queues`: a worker of these begins, in this process.
working = Signal()
# `operation`: a plan that somebody looks at. Receivers return sentences that the person should read before the yes.
warnings = Signal()
# `scope`, `operation`: a plan that is about to get its yes, and no longer young. Receivers ask flinkey and return what
# has changed since, a sentence each; what is not to be done any more they have taken out of the plan.
outdated = Signal()


def seconds_left(*, asked: bool = False) -> float:
    """The seconds for which flinkey wants to be left alone by everybody, or was not reached a moment ago.

    asked: only those for which it asked.
    """
    answers = pause_left.send(sender=None, asked=asked)
    return max((float(seconds or 0) for _receiver, seconds in answers), default=0.0)
