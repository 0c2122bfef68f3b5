"""What is read from the sentences of buyers: names, members and bounds, and when a sentence is read whole."""

import pytest

from provider_advisor.knowledge.bounds_in_words import find_amounts, find_bound
from provider_advisor.requirements import read_requirement
from provider_advisor.requirements.matching import Matcher


@pytest.mark.parametrize(
    ("sentence", "targets"),
    [
        ("The system must provide voicemail", ["voicemail"]),
        ("Voicemail, call forwarding and hold music", ["voicemail", "call-forwarding", "hold-music"]),
        ("We need SSO (SAML)", ["single-sign-on"]),
        ("99.99 % uptime", ["uptime-commitment>=99.99"]),
        ("99.999% availability", ["uptime-commitment>=99.999"]),
        ("48 simultaneous calls", ["concurrent-calls>=48"]),
        ("Response time within 4 hours", ["support-response-hours<=4"]),
        ("SMS in Kenya and Uganda", ["sms@ke", "sms@ug"]),
        ("sms to germany", ["sms@de"]),
        ("SMS, MMS", ["sms", "mms"]),
        ("The system must provide both SMS and MMS", ["sms", "mms"]),
        ("SMS or WhatsApp", ["sms|whatsapp"]),
        ("SMS|WhatsApp", ["sms|whatsapp"]),
        ("Either SMS, MMS, or fax", ["fax|mms|sms"]),
        ("Ring groups or call queues", ["call-queues|ring-groups"]),
        ("HIPAA or GDPR", ["gdpr|hipaa"]),
        ("Toll-free numbers in the UK", ["toll-free-numbers@gb"]),
        ("ISO 27001 certified", ["certificate@iso-27001"]),
        ("GDPR compliant and certified under ISO 27001", ["gdpr", "certificate@iso-27001"]),
        ("Works with Zapier", ["integration@zapier"]),
        ("Compatibility with Google Workspace", ["integration@google-workspace"]),
        ("Zapier, Slack & HubSpot integrations", ["integration@zapier", "integration@slack", "integration@hubspot"]),
        ("Slack as well as Teams integration", ["integration@slack", "integration@microsoft-teams"]),
        ("SMS as well as WhatsApp", ["sms", "whatsapp"]),
        ("post to Facebook and X", ["social-posting@facebook", "social-posting@x"]),
        ("SDKs for iOS and Android", ["sdk@ios", "sdk@android"]),
        ("Video on iOS and Android", ["ios", "android"]),
        ("Support for email templates", ["email-templates"]),
        ("Software for video meetings", ["video-meetings"]),
        ("The company must provide voicemail", ["voicemail"]),
        ("We would like transfer of calls", ["call-transfer"]),
        ("Support in German", ["support-language@de"]),
        ("SMS and voice", ["sms", "voice-api"]),
        ("Encryption at rest and in transit", ["encryption-at-rest", "encryption-in-transit"]),
        ("It must be encrypted in transit and at rest", ["encryption-in-transit", "encryption-at-rest"]),
        ("Data stored in the EU", ["data-region@eu"]),
        ("Caller ID, call waiting, and call recording", ["caller-id", "call-waiting", "call-recording"]),
        ("Remote worker support", ["remote-work"]),
        ("The same sender for a person", ["sticky-sender"]),
        ("Bills in local currency", []),
    ],
)
def test_a_sentence_is_read_whole_if_each_word_is_a_name_a_member_a_bound_or_says_nothing(knowledge, sentence, targets):
    reading = knowledge.sentences.read(sentence)
    assert list(reading.targets) == targets
    assert reading.is_whole is bool(targets)
    for target in reading.targets:
        assert read_requirement(target, "must", knowledge)


@pytest.mark.parametrize(
    "sentence",
    [
        "No fax",
        "Voicemail for the person on shift",
        "Voicemail is not required",
        "Call recording or transcription",
        "Voicemail or call queues",
        "SMS/MMS",
        "SMS and/or MMS",
        "SMS and MMS or fax",
        "No SMS or fax",
        "SMS or MMS for the night shift",
        "SMS in Kenya or Uganda",
        "Uptime commitment or fax",
        "SMS >= 5",
        "Call recording storage",
        "CRM system",
        "Email support",
        "Missed call service",
        "Remote worker support, but no VPN",
        "Remote workers in Canada",
        "5 remote workers",
        "Non-Unicode messages",
        "Cloud hosted on our servers",
        "Free dial-in to video",
        "Lines",
        "SMS without registration",
        "Post to Slack",
        "Support in Salesforce",
        "WhatsApp: allows no spam",
        "Client email",
        "Tool for email",
        "Software support",
        "Company-owned phones",
        "Company owned phones and voicemail",
        "Contact",
        "A subscriber",
        "Messages",
        "Pages",
        "The ports",
        "Integration",
        "Monday to Friday",
        "We are in the US",
        "",
        "???",
    ],
)
def test_a_sentence_with_a_word_more_is_not_taken(knowledge, sentence):
    match = Matcher(knowledge, sentences=True).find(sentence)
    assert not match.targets or match.how in {"id", "alias", "label"}, match


@pytest.mark.parametrize(
    ("sentence", "target"),
    [
        ("Support reputation >= good", "support-reputation>=good"),
        ("1.2 Uptime commitment ≥ 99.9 %", "uptime-commitment>=99.9"),
        ("monthly-cost<=500", "monthly-cost<=500"),
    ],
)
def test_a_name_with_a_bound_is_read_as_on_the_command_line(knowledge, sentence, target):
    assert Matcher(knowledge, sentences=True).find(sentence).targets == (target,)


@pytest.mark.parametrize(
    ("sentence", "targets"),
    [
        ("recording of calls", ("call-recording",)),
        ("SMS (optional)", ("sms",)),
        ("No setup fees", ("setup-price<=0",)),
        ("Voicemail: Allows callers to leave messages when nobody answers", ("voicemail",)),
        ("Voicemail: allows 20 messages", ()),
        ("Email history (who did we send it to)", ()),
    ],
)
def test_what_a_sentence_adds_to_a_name_is_told_from_what_it_asks(knowledge, sentence, targets):
    found = Matcher(knowledge, sentences=True).find(sentence)
    assert found.targets == targets
    assert "direct-dial-numbers" not in found.candidates


@pytest.mark.parametrize(
    ("sentence", "members"),
    [
        ("Support Monday to Friday", ()),
        ("Hours: Monday - Friday 9:00 to 17:00", ()),
        ("From Sunday to Monday", ()),
        ("Slack off", ()),
        ("Customer Segment", ()),
        ("Data Exchange", ()),
        ("Call Recording for Sales Teams", ()),
        ("Call recording for Teams", ("integration@microsoft-teams",)),
        ("Post to Slack", ("integration@slack",)),
        ("Monday connector", ("integration@monday",)),
        ("integrates with monday", ("integration@monday",)),
        ("Slack, Teams and Zoom", ("integration@slack", "integration@microsoft-teams", "integration@zoom")),
        ("Teams", ("integration@microsoft-teams",)),
    ],
)
def test_a_program_with_an_everyday_name_needs_its_context(knowledge, sentence, members):
    found = Matcher(knowledge, sentences=True).find(sentence)
    assert tuple(one for one in (*found.targets, *found.candidates) if "@" in one) == members


def test_what_is_named_comes_before_what_a_number_may_bound(knowledge):
    found = Matcher(knowledge, sentences=True).find("Status page with at least 90 days of incident history")
    assert found.candidates[0] == "status-page"
    assert Matcher(knowledge, sentences=True).find("Toll-free texting").candidates[0] == "toll-free-numbers"


@pytest.mark.parametrize(
    ("sentence", "first"),
    [
        ("Meeting organizers can record a video call from within the platform", "video-recording"),
        ("Voicemail messages sent to my inbox as audio files", "voicemail-to-email"),
        ("Emergency calls must transmit the location of the caller", "emergency-location"),
        ("At least 10 people participating in a video call", "video-participants>=10"),
    ],
)
def test_what_has_most_words_of_a_sentence_comes_first(knowledge, sentence, first):
    assert Matcher(knowledge, sentences=True).find(sentence).candidates[0] == first


def test_a_number_never_bounds_what_should_be_more_from_above(knowledge):
    found = Matcher(knowledge, sentences=True).find("Alerts must be sent out within ten minutes")
    assert not [each for each in found.candidates if each.startswith("included-minutes<=")]


def test_only_requests_for_proposals_are_read_as_sentences(knowledge):
    header = "Voicemail and hold music"
    assert Matcher(knowledge, sentences=True).find(header).targets == ("voicemail", "hold-music")
    assert Matcher(knowledge).find(header).targets == ()


@pytest.mark.parametrize(
    ("sentence", "suggested"),
    [
        ("Vendor should have a valid TX-RAMP certificate on file", "certificate@tx-ramp"),
        ("Numbers in Australia", "phone-numbers@au"),
        ("Recordings are kept for 7 years", "recording-retention-days>=2555"),
        ("A meeting of up to 500 participants", "video-participants>=500"),
        ("Numbers in at least 30 countries", "number-countries>=30"),
        ("Below $0.008 per SMS", "sms-outbound-price<=0.008"),
        ("Number of countries >= 90", "number-countries>=90"),
        ("Number of countries: at least 90", "number-countries>=90"),
        ("Voicemail or call queues", "call-queues|voicemail"),
        ("3,000 contacts", "contact-capacity>=3000"),
        ("SMS for less than 1 cent", "sms-outbound-price<=0.01"),
        ("At least 100 msg/sec", "message-throughput>=100"),
        ("< 5 sec delivery", "message-delivery-seconds<=5"),
        ("A voice quality with an MOS not below 4.0", "call-quality-score>=4"),
        ("Canadian data residency", "data-region@ca"),
        ("Yealink phones or equivalent", "desk-phones@yealink"),
        ("No fax", "fax=no"),
        ("We don't need fax", "fax=no"),
        ("Fax (no)", "fax=no"),
        ("The system must not support fax", "fax=no"),
        ("Voicemail: 20 boxes", "voicemail"),
        *((text, "sms") for text in ("SMS/MMS", "SMS and/or MMS", "SMS or MMS for the night shift")),
    ],
)
def test_what_a_sentence_may_mean_has_its_members_and_bounds(knowledge, sentence, suggested):
    assert suggested in Matcher(knowledge, sentences=True).find(sentence).candidates


@pytest.mark.parametrize(
    ("criterion", "text", "target"),
    [
        ("support-response-hours", "within 15 minutes", "support-response-hours<=0.25"),
        ("support-response-hours", "two hours", "support-response-hours<=2"),
        ("support-response-hours", "at least 2 hours", "support-response-hours>=2"),
        ("support-response-hours", "2 hours or 3 hours", None),
        ("support-response-hours", "2 users", None),
        ("video-participants", "up to 1,500 people", "video-participants>=1500"),
        ("video-participants", "fewer than 20 participants", "video-participants<=20"),
        ("video-participants", "2.5 participants", None),
        ("message-throughput", "500 texts per second", "message-throughput>=500"),
        ("message-throughput", "500 TPS", "message-throughput>=500"),
        ("message-throughput", "500 texts per day", None),
        ("messages-per-day", "80k messages a day", "messages-per-day>=80000"),
        ("messages-per-day", "24 hours a day", None),
        ("sms-outbound-price", "less than 1 cent", "sms-outbound-price<=0.01"),
        ("sms-outbound-price", "$25 per user", None),
        ("ucaas-price", "$25 per seat", "ucaas-price<=25"),
        ("answer-seconds", "two (2) minutes or less", "answer-seconds<=120"),
        ("uptime-commitment", "99.9% or higher", "uptime-commitment>=99.9"),
        ("sms-outbound-price", "$0.008", "sms-outbound-price<=0.008"),
        ("sms-outbound-price", "0.6 SEK", None),
        ("uptime-commitment", "99.9 per cent", "uptime-commitment>=99.9"),
        ("voicemail", "2 hours", None),
    ],
)
def test_a_number_bounds_a_criterion_of_its_unit(knowledge, criterion, text, target):
    bound = find_bound(knowledge.criteria[criterion], find_amounts(text))
    assert (bound and bound[0]) == target


@pytest.mark.parametrize("words", ["sms and mms", "SMS or MMS"])
def test_a_search_for_a_list_begins_with_what_it_names(knowledge, words):
    assert {entry.id for entry in knowledge.search(words)[:2]} == {"sms", "mms"}


def test_a_search_finds_members_and_sentences(knowledge):
    for words, first in {
        "numbers in germany": "phone-numbers@de",
        "valid TX-RAMP certification": "certificate@tx-ramp",
        "3,000 contacts": "contact-capacity",
        "recording of calls": "call-recording",
        "fax (mandatory)": "fax",
        "Identify callers by voice": "caller-verification",
        "Noise suppression on calls": "call-noise-cancellation",
        "slack": "integration@slack",
        "yealink": "desk-phones@yealink",
        "calls to kenya": "voice-outbound-price@ke",
    }.items():
        assert first in [entry.id for entry in knowledge.search(words)][:3], words
    assert knowledge.search("xyzzy plugh") == ()
    assert "three-way-calls" not in [entry.id for entry in knowledge.search("name and number")]


@pytest.mark.parametrize(
    "sentence",
    [
        "Das System muss Anrufe aufzeichnen und Sprachnachrichten per E-Mail senden",
        "Serveurs situés en France et hébergeur certifié HDS",
        "Necesitamos SMS en México y soporte en español, with 24/7 coverage",
        "短信验证码 und дозвон",
        "a" * 5_000,
        "1,2,3 % $ 99.99.99 €",
    ],
)
def test_other_languages_are_read_without_a_mistake(knowledge, sentence):
    assert knowledge.sentences.read(sentence).is_whole is False
    knowledge.search(sentence)
    assert not Matcher(knowledge, sentences=True).find(sentence).targets
