"""Standard clauses: small frozen types, each with a reason and methods that say what it asks and what it makes owed.

An agreement file says which article is which clause, with which settings, since which day. Nothing here knows an
article number, a level, a date or a Party. Read `terms`, then `validity`, `unread`, `carriage`, `custody`, `access`.
"""

from __future__ import annotations

from gsomia.agreement.clauses.access import (
    Assured,
    AssuredLevel,
    FirmCleared,
    FirmInspected,
    FirmNeed,
    FirmRoster,
    HostAuthorisesVisits,
    KeptOnRoster,
    NoAccessByRank,
    OfficialsWithNeedAndClearance,
    SecurityRepresentatives,
)
from gsomia.agreement.clauses.carriage import (
    AccreditedEncryption,
    AfterLaunchOnly,
    BetweenParties,
    CoveredEquipment,
    DoubleEnvelope,
    GovernmentChannel,
    IsMarkedInformation,
    ListedLevelsOnly,
    OnlyForms,
    OnlySubjects,
    ThroughHub,
    TopLevelUnsettled,
    UnderTheLegs,
)
from gsomia.agreement.clauses.custody import (
    ClearedTranslator,
    ControlledCopies,
    DestroyedBeyondRepair,
    FollowsRegrade,
    KeptNoLongerThanNeeded,
    LossReported,
    NoThirdPartyWithoutConsent,
    PurposeBound,
    Recorded,
    Remark,
    StandingConsent,
    SubstantiallyEqualProtection,
    TranslationNote,
)
from gsomia.agreement.clauses.terms import (
    DUTY_ACTS,
    GIVING_ACTS,
    HANDLING_ACTS,
    HELD_ACTS,
    ITEM_FORMS,
    LEGAL_ACTS,
    PURPOSES,
    RECORD_ACTS,
    SUBJECTS,
    Clause,
)
from gsomia.agreement.clauses.unread import TextNotHeld, UnreadFinalClauses
from gsomia.agreement.clauses.validity import (
    AmendedByConsent,
    EndsOnNotice,
    EntersByNotification,
    InForce,
    LawChangeNotified,
    NotifiedAuthority,
    ProtectedInDispute,
    ProtectionSurvives,
    RunsUntilEnded,
    SettledByConsultation,
)

__all__ = [
    "CLAUSES",
    "DUTY_ACTS",
    "GIVING_ACTS",
    "HANDLING_ACTS",
    "HELD_ACTS",
    "ITEM_FORMS",
    "LEGAL_ACTS",
    "PURPOSES",
    "RECORD_ACTS",
    "SETTINGS",
    "SUBJECTS",
    "Clause",
]

SETTINGS: dict[str, tuple[str, ...] | tuple[int, ...]] = {
    "acts": HANDLING_ACTS,
    "forms": ITEM_FORMS,
    "subjects": SUBJECTS,
    "above": (1, 2),
}
"""The words that each setting of a clause may hold: one that is misspelt would bar nothing, and nobody would see it."""

CLAUSES: dict[str, type[Clause]] = {
    "parties": BetweenParties,
    "in-force": InForce,
    "enters-by-notification": EntersByNotification,
    "runs-until-ended": RunsUntilEnded,
    "ends-on-notice": EndsOnNotice,
    "protection-survives": ProtectionSurvives,
    "amended-by-consent": AmendedByConsent,
    "is-marked-information": IsMarkedInformation,
    "listed-levels-only": ListedLevelsOnly,
    "top-level-unsettled": TopLevelUnsettled,
    "re-mark": Remark,
    "no-third-party-without-consent": NoThirdPartyWithoutConsent,
    "standing-consent": StandingConsent,
    "substantially-equal-protection": SubstantiallyEqualProtection,
    "purpose-bound": PurposeBound,
    "kept-on-roster": KeptOnRoster,
    "recorded": Recorded,
    "follows-regrade": FollowsRegrade,
    "kept-no-longer-than-needed": KeptNoLongerThanNeeded,
    "no-access-by-rank": NoAccessByRank,
    "officials-with-need-and-clearance": OfficialsWithNeedAndClearance,
    "assured-level": AssuredLevel,
    "assured": Assured,
    "notified-authority": NotifiedAuthority,
    "host-authorises-visits": HostAuthorisesVisits,
    "security-representatives": SecurityRepresentatives,
    "government-channel": GovernmentChannel,
    "double-envelope": DoubleEnvelope,
    "covered-equipment": CoveredEquipment,
    "accredited-encryption": AccreditedEncryption,
    "destroyed-beyond-repair": DestroyedBeyondRepair,
    "controlled-copies": ControlledCopies,
    "cleared-translator": ClearedTranslator,
    "translation-note": TranslationNote,
    "firm-need": FirmNeed,
    "firm-inspected": FirmInspected,
    "firm-cleared": FirmCleared,
    "firm-roster": FirmRoster,
    "loss-reported": LossReported,
    "law-change-notified": LawChangeNotified,
    "settled-by-consultation": SettledByConsultation,
    "protected-in-dispute": ProtectedInDispute,
    "only-subjects": OnlySubjects,
    "only-forms": OnlyForms,
    "through-hub": ThroughHub,
    "under-the-legs": UnderTheLegs,
    "after-launch-only": AfterLaunchOnly,
    "text-not-held": TextNotHeld,
    "unread-final-clauses": UnreadFinalClauses,
}
"""Every standard clause by the name under which an agreement file calls it."""
