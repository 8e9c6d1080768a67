"""Words for Meta's errors, by their number: what happened, and what to do."""

from portal.i18n import _l
from portal.messages.log.outcome_words import Retry, Words

_HELPS, _CHANGE = Retry.HELPS, Retry.AFTER_CHANGE
_TEMPLATE = _l(
    "Compare it with the template in WhatsApp Manager: name, language and every parameter. Then send it again."
)
OF_META = {
    "100": Words(
        _l("WhatsApp doesn't understand a part of the message."),
        _l("Read the reason below, correct that part and send it again. The same again is refused again."),
        _CHANGE,
    ),
    "368": Words(
        _l("Meta has blocked your WhatsApp Business account for a while because it broke a rule."),
        _l("See in Meta's Business Support Home what broke it and ask for a review. Until then nothing is sent."),
        _CHANGE,
    ),
    "130429": Words(
        _l("Too many messages from your number at once."), _l("Send it again in a few minutes."), _HELPS
    ),
    "130472": Words(
        _l("Meta holds marketing messages back from this person, as a part of one of its experiments."),
        _l("Use another way to reach them. The same again is held back again."),
        _CHANGE,
    ),
    "131008": Words(
        _l("Something that WhatsApp needs is missing from the message."),
        _l("Fill in every value of the template, its header and its buttons, then send it again."),
        _CHANGE,
    ),
    "131026": Words(
        _l("WhatsApp cannot deliver to this number: it may not be on WhatsApp, or its app is too old."),
        _l("Check the number, or reach the person another way."),
        _CHANGE,
    ),
    "131031": Words(
        _l("Meta has locked your WhatsApp Business account."),
        _l("See in Meta's Business Support Home why, and ask for a review. Until then nothing is sent."),
        _CHANGE,
    ),
    "131042": Words(
        _l("Meta could not charge for the message."),
        _l("See to the payment method of your WhatsApp Business account, then send it again."),
        _CHANGE,
    ),
    "131047": Words(
        _l("This person last wrote to you more than 24 hours ago. Then WhatsApp takes templates only."),
        _l("Send an approved template instead. Once they answer, you can write freely for 24 hours."),
        _CHANGE,
    ),
    "131048": Words(
        _l("WhatsApp limits your number because people reported or blocked its messages."),
        _l("See the quality of your number in WhatsApp Manager before you send more."),
        _CHANGE,
    ),
    "131049": Words(
        _l("Meta did not deliver it, to keep this person from getting too many marketing messages."),
        _l("Do not repeat it at once: try again after a day or more."),
        _CHANGE,
    ),
    "131050": Words(
        _l("This person told WhatsApp to stop marketing messages from you."),
        _l("Never send them marketing again. Other messages still reach them."),
        Retry.NEVER,
    ),
    "131051": Words(_l("WhatsApp does not take this type of message."), _l("Write it as another type."), _CHANGE),
    "131052": Words(
        _l("WhatsApp could not fetch the file from its link."),
        _l("The link must lead straight to the file, without a login. Correct it, then send it again."),
        _CHANGE,
    ),
    "131053": Words(
        _l("WhatsApp did not take the file: its kind or its size."),
        _l("Use JPEG or PNG up to 5 MB, or MP3, AAC, AMR or OGG Opus up to 16 MB, then send it again."),
        _CHANGE,
    ),
    "131056": Words(
        _l("Too many messages to this one person in a short time."), _l("Send it again in a minute."), _HELPS
    ),
    "131062": Words(
        _l("This person hides their number, and WhatsApp sends such a message only to a number."),
        _l("Ask them for their number, or send another kind of message."),
        _CHANGE,
    ),
    "131063": Words(
        _l("Your account sends marketing templates only by Marketing Messages Lite."),
        _l("Tick “Marketing Messages Lite” and send it again."),
        _CHANGE,
    ),
    "132000": Words(_l("The template has another number of parameters."), _TEMPLATE, _CHANGE),
    "132001": Words(_l("There is no such template in this language, or it is not approved."), _TEMPLATE, _CHANGE),
    "132005": Words(
        _l("The template's text is too long once its values are filled in."),
        _l("Shorten the values, then send it again."),
        _CHANGE,
    ),
    "132007": Words(_l("The template breaks a rule of WhatsApp's."), _TEMPLATE, _CHANGE),
    "132012": Words(_l("A parameter of the template is of another kind."), _TEMPLATE, _CHANGE),
    "132015": Words(
        _l("Meta has paused this template because of its quality."),
        _l("Improve it in WhatsApp Manager, or use another one."),
        _CHANGE,
    ),
    "132016": Words(_l("Meta has switched this template off for good."), _l("Use another template."), _CHANGE),
    "133010": Words(
        _l("Your number is not registered at WhatsApp."),
        _l("Connect it again under Channels, then send the message again."),
        _CHANGE,
    ),
}

DROPPED = Words(
    _l(
        "Meta held this message back to see how people took to the template. They did not, so Meta paused the "
        "template and dropped the message."
    ),
    _l("Improve the template in WhatsApp Manager, or use another one. Sending the same again is refused."),
    _CHANGE,
)
"""For 132015 after the message was held."""
