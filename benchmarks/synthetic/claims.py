"""Claims as blocks of text: what every assertion of the model carries."""

from dataclasses import dataclass

from synthetic import terms as t

FACT = t.concept("claim-status-fact")
ATTRIBUTED = t.concept("claim-status-attributed-claim")
OPINION = t.concept("claim-status-author-opinion")
ACCEPTED = t.concept("review-status-accepted")
UNREVIEWED = t.concept("review-status-unreviewed")
AFFIRMED = t.concept("polarity-affirmed")
ACTUAL = t.concept("modality-actual")


@dataclass(frozen=True, slots=True)
class Told:
    """Who tells something, and where it stands.

    Args:
        graph: IRI of the source's graph.
        path: The source's part of the IRIs of its claims.
        maker: Who makes the claims.
        origin: The record or document that they were read in.
        status: Their status.
        review: Their review status.
        reporter: Through whom they came; empty if at first hand.
    """

    graph: str
    path: str
    maker: str
    origin: str
    status: str = FACT
    review: str = ACCEPTED
    reporter: str = ""


def common(claim: str, kind: str, told: Told, evidence: str = "") -> str:
    """What a claim of any kind has."""
    text = (
        f"{claim} {t.A} {kind} .\n"
        f"{claim} {t.ATTRIBUTED_TO} {told.maker} .\n"
        f"{claim} {t.DERIVED_FROM} {told.origin} .\n"
        f"{claim} {t.CLAIM_STATUS} {told.status} .\n"
        f"{claim} {t.REVIEW_STATUS} {told.review} .\n"
        f"{claim} {t.POLARITY} {AFFIRMED} .\n"
        f"{claim} {t.MODALITY} {ACTUAL} .\n"
    )
    if told.reporter:
        text += f"{claim} {t.REPORTED_BY} {told.reporter} .\n"
    if evidence:
        text += f"{claim} {t.EVIDENCE} {evidence} .\n"
    return text


def relation(claim: str, told: Told, triple: tuple[str, str, str], evidence: str = "") -> str:
    """A claim that one thing relates to another, or has a value."""
    subject, verb, value = triple
    holder = t.CLAIM_VALUE if value.startswith('"') else t.CLAIM_OBJECT
    return common(claim, t.CLAIM, told, evidence) + (
        f"{claim} {t.CLAIM_SUBJECT} {subject} .\n"
        f"{claim} {t.CLAIM_PROPERTY} {verb} .\n"
        f"{claim} {holder} {value} .\n"
    )
