"""The tables, one aggregate a file. Importing this package makes the metadata whole."""

from portal.models.account import CORRECTABLE, Account, Membership, Problem, Provisioning, Role, Step
from portal.models.account_invitation import AccountInvitation
from portal.models.audit import AuditChain, AuditEntry
from portal.models.brand import BrandRow, Edition
from portal.models.campaign import (
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
from portal.models.channel import (
    BLOCKED,
    OPEN_STATES,
    STOPPED,
    STOPPED_BLOCKED,
    AttemptState,
    Channel,
    ChannelListing,
    OnboardingAttempt,
)
from portal.models.clock import now
from portal.models.consent import ConsentEntry, ConsentSettings, ConsentSource, Scope, Wish
from portal.models.contact import (
    Contact,
    ContactImport,
    ContactImportPart,
    ContactImportWrong,
    ContactSource,
    ImportState,
    InboundMessage,
)
from portal.models.credential import (
    Credential,
    CredentialKind,
    CredentialListing,
    CredentialStep,
    HandOver,
    LostEnding,
)
from portal.models.delivery import Delivery, DeliveryKind, DeliveryState
from portal.models.invitation import Invitation
from portal.models.key_trial import KeyTrial
from portal.models.login import Authenticator, LoginSession, RecoveryCode
from portal.models.mail import Mail, MailKind, MailState
from portal.models.managed_webhook import Webhook, WebhookListing
from portal.models.message import Message, MessageStanding, MessageState, MessageStatus, MessageType
from portal.models.mirror import MirroredAccount, MirrorRun, ReadPosition, RunState
from portal.models.overview import Heartbeat, Tally, TallyPlace
from portal.models.person import EmailChange, EmailLink, LinkPurpose, Person, StaffRole
from portal.models.relay import (
    Destination,
    DestinationState,
    Forward,
    ForwardAttempt,
    ForwardState,
    ForwardTally,
    Replay,
    SwitchOver,
)
from portal.models.standing import Standing
from portal.models.template_listing import TemplateListing
from portal.models.webhook import PortalWebhook, WebhookPurpose

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
