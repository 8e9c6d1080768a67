"""Alaçatı Surf School: a newcomer whose account is ready, and who has not connected a number yet."""

from portal.demo.logins import OLIVER
from portal.demo.stage import Scenes, Stage
from portal.demo.story.customer import connect, log_in, sign_up


def half_done(stage: Stage) -> Scenes:
    """Sign up this morning, begin to connect a number, and be called away."""
    yield stage.ago(0.12)
    school = sign_up(stage, OLIVER, "Alaçatı Surf School", "+902325550117")
    yield stage.ago(0.118)
    connect(school, OLIVER, "Surf School", "cancel")
    yield stage.ago(0.02)
    log_in(stage, OLIVER)
