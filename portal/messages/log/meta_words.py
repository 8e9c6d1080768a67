"""Words for Meta's errors, by their number: what happened, and what to do."""

from portal.i18n import _l
from portal.messages.log.outcome_words import Retry, Words

_HELPS, _CHANGE = Retry.HELPS, Retry.AFTER_CHANGE
_TEMPLATE = _l(
    "Compare the name, the language and every value with the template in WhatsApp Manager. Then send the "
    "message again."
)
OF_META = {
    "100": Words(
        _l("WhatsApp doesn't understand part of the message."),
        _l(
            "Read the reason below, correct the message and send it again. Without a change it will be "
            "refused again."
        ),
        _CHANGE,
    ),
    "368": Words(
        _l("Meta has temporarily blocked your WhatsApp Business account for breaking a rule."),
        _l(
            "See the reason in Meta's Business Support Home and ask for a review. No messages are sent until then."
        ),
        _CHANGE,
    ),
    "130429": Words(
        _l("Your number sent too many messages at once."), _l("Send the message again in a few minutes."), _HELPS
    ),
    "130472": Words(
        _l("Meta holds marketing messages back from this person as part of an experiment."),
        _l("Reach them another way. If you send the message again, it will be held back again."),
        _CHANGE,
    ),
    "131008": Words(
        _l("The message is missing something that WhatsApp needs."),
        _l("Fill in every value of the template, its header and its buttons. Then send the message again."),
        _CHANGE,
    ),
    "131026": Words(
        _l("WhatsApp can't deliver to this number. It may not be on WhatsApp, or its app may be too old."),
        _l("Check the number or reach the person another way."),
        _CHANGE,
    ),
    "131031": Words(
        _l("Meta has locked your WhatsApp Business account."),
        _l(
            "See the reason in Meta's Business Support Home and ask for a review. No messages are sent until then."
        ),
        _CHANGE,
    ),
    "131042": Words(
        _l("Meta couldn't charge for the message."),
        _l("Check the payment method of your WhatsApp Business account. Then send the message again."),
        _CHANGE,
    ),
    "131047": Words(
        _l("This person last wrote to you more than 24 hours ago, so WhatsApp only accepts templates."),
        _l("Send an approved template. Once they answer, you can send any message for 24 hours."),
        _CHANGE,
    ),
    "131048": Words(
        _l("WhatsApp limits your number because people reported or blocked its messages."),
        _l("Check your number's quality in WhatsApp Manager before you send more."),
        _CHANGE,
    ),
    "131049": Words(
        _l("Meta didn't deliver the message, so that this person doesn't get too many marketing messages."),
        _l("Wait at least a day before you send it again."),
        _CHANGE,
    ),
    "131050": Words(
        _l("This person asked WhatsApp to stop marketing messages from you."),
        _l("Don't send them marketing again. Other messages still reach them."),
        Retry.NEVER,
    ),
    "131051": Words(
        _l("WhatsApp doesn't accept this type of message."), _l("Write it as another type of message."), _CHANGE
    ),
    "131052": Words(
        _l("WhatsApp couldn't download the file from its URL."),
        _l("Enter a URL that leads straight to the file, without a login. Then send the message again."),
        _CHANGE,
    ),
    "131053": Words(
        _l("WhatsApp refused the file because of its type or size."),
        _l("Use JPEG or PNG up to 5 MB, or MP3, AAC, AMR or OGG (Opus) up to 16 MB. Then send the message again."),
        _CHANGE,
    ),
    "131056": Words(
        _l("You sent this person too many messages in a short time."),
        _l("Send the message again in a minute."),
        _HELPS,
    ),
    "131062": Words(
        _l("This person hides their number, and WhatsApp sends this type of message only to a number."),
        _l("Ask them for their number or send another type of message."),
        _CHANGE,
    ),
    "131063": Words(
        _l("Your account can send marketing templates only with Marketing Messages Lite."),
        _l("Tick “Marketing Messages Lite” and send the message again."),
        _CHANGE,
    ),
    "132000": Words(_l("The template has a different number of values."), _TEMPLATE, _CHANGE),
    "132001": Words(_l("This template doesn't exist in this language or isn't approved."), _TEMPLATE, _CHANGE),
    "132005": Words(
        _l("The template's text is too long with these values."),
        _l("Shorten the values. Then send the message again."),
        _CHANGE,
    ),
    "132007": Words(_l("The template breaks a WhatsApp rule."), _TEMPLATE, _CHANGE),
    "132012": Words(_l("One of the template's values has the wrong type."), _TEMPLATE, _CHANGE),
    "132015": Words(
        _l("Meta has paused this template because of its quality."),
        _l("Improve the template in WhatsApp Manager or use another one."),
        _CHANGE,
    ),
    "132016": Words(_l("Meta has switched this template off for good."), _l("Use another template."), _CHANGE),
    "133010": Words(
        _l("Your number isn't registered with WhatsApp."),
        _l("Reconnect it on the Channels page. Then send the message again."),
        _CHANGE,
    ),
}

DROPPED = Words(
    _l(
        "Meta held this message back to see how people liked the template. They didn't like it, so Meta "
        "paused the template and dropped the message."
    ),
    _l(
        "Improve the template in WhatsApp Manager or use another one. Without a change, the message will be "
        "refused again."
    ),
    _CHANGE,
)
"""For 132015 after the message was held."""
