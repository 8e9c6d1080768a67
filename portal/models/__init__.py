"""The tables, one aggregate a file. Importing this package makes the metadata whole."""

from portal.models.channels.channel import (
    BLOCKED,
    OPEN_STATES,
    STOPPED,
    STOPPED_BLOCKED,
    AttemptState,
    Channel,
    ChannelListing,
    OnboardingAttempt,
)
from portal.models.channels.managed_webhook import Webhook, WebhookListing
from portal.models.channels.webhook import PortalWebhook, WebhookPurpose
from portal.models.clock import now
from portal.models.contacts.consent import ConsentEntry, ConsentSettings, ConsentSource, Scope, Wish
from portal.models.contacts.contact import (
    Contact,
    ContactImport,
    ContactImportPart,
    ContactImportWrong,
    ContactSource,
    ImportState,
    InboundMessage,
)
from portal.models.customers.account import CORRECTABLE, Account, Membership, Problem, Provisioning, Role, Step
from portal.models.customers.account_invitation import AccountInvitation
from portal.models.customers.standing import Standing
from portal.models.events.delivery import Delivery, DeliveryKind, DeliveryState
from portal.models.events.relay import (
    Destination,
    DestinationState,
    Forward,
    ForwardAttempt,
    ForwardState,
    ForwardTally,
    Replay,
    SwitchOver,
)
from portal.models.identity.invitation import Invitation
from portal.models.identity.login import Authenticator, LoginSession, RecoveryCode
from portal.models.identity.person import EmailChange, EmailLink, LinkPurpose, Person, StaffRole
from portal.models.messages.campaign import (
    Audience,
    Campaign,
    CampaignFilePart,
    CampaignReason,
    CampaignRow,
    CampaignState,
    CampaignTally,
    KeyPace,
    MessagePrice,
    RowState,
)
from portal.models.messages.message import Message, MessageStanding, MessageState, MessageStatus, MessageType
from portal.models.messages.template_listing import TemplateListing
from portal.models.operations.audit import AuditChain, AuditEntry
from portal.models.operations.brand import BrandRow, Edition
from portal.models.operations.mail import Mail, MailKind, MailState
from portal.models.operations.mirror import MirroredAccount, MirrorRun, ReadPosition, RunState
from portal.models.operations.overview import Heartbeat, Tally, TallyPlace
from portal.models.vault.credential import (
    Credential,
    CredentialKind,
    CredentialListing,
    CredentialStep,
    HandOver,
    LostEnding,
)
from portal.models.vault.key_trial import KeyTrial

__all__ = [
    "BLOCKED",
    "CORRECTABLE",
    "OPEN_STATES",
    "STOPPED",
    "STOPPED_BLOCKED",
    "Account",
    "AccountInvitation",
    "AttemptState",
    "Audience",
    "AuditChain",
    "AuditEntry",
    "Authenticator",
    "BrandRow",
    "Campaign",
    "CampaignFilePart",
    "CampaignReason",
    "CampaignRow",
    "CampaignState",
    "CampaignTally",
    "Channel",
    "ChannelListing",
    "ConsentEntry",
    "ConsentSettings",
    "ConsentSource",
    "Contact",
    "ContactImport",
    "ContactImportPart",
    "ContactImportWrong",
    "ContactSource",
    "Credential",
    "CredentialKind",
    "CredentialListing",
    "CredentialStep",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "Destination",
    "DestinationState",
    "Edition",
    "EmailChange",
    "EmailLink",
    "Forward",
    "ForwardAttempt",
    "ForwardState",
    "ForwardTally",
    "HandOver",
    "Heartbeat",
    "ImportState",
    "InboundMessage",
    "Invitation",
    "KeyPace",
    "KeyTrial",
    "LinkPurpose",
    "LoginSession",
    "LostEnding",
    "Mail",
    "MailKind",
    "MailState",
    "Membership",
    "Message",
    "MessagePrice",
    "MessageStanding",
    "MessageState",
    "MessageStatus",
    "MessageType",
    "MirrorRun",
    "MirroredAccount",
    "OnboardingAttempt",
    "Person",
    "PortalWebhook",
    "Problem",
    "Provisioning",
    "ReadPosition",
    "RecoveryCode",
    "Replay",
    "Role",
    "RowState",
    "RunState",
    "Scope",
    "StaffRole",
    "Standing",
    "Step",
    "SwitchOver",
    "Tally",
    "TallyPlace",
    "TemplateListing",
    "Webhook",
    "WebhookListing",
    "WebhookPurpose",
    "Wish",
    "now",
]
