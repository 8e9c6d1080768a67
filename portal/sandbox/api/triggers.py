"""The guide's fourteen triggers. Two names are not stated there: channel.updated and conversation.expired."""

ACCOUNT_TRIGGERS = frozenset({"channel.created", "agent.status_changed"})

CHANNEL_TRIGGERS = frozenset(
    {
        "channel.updated",
        "message.created",
        "message.state_changed",
        "conversation.created",
        "conversation.assigned",
        "conversation.archived",
        "conversation.type_changed",
        "conversation.custom_fields_updated",
        "conversation.expired",
        "conversation.group_changed",
        "customer.updated",
        "feedback.received",
    }
)
