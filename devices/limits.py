"""The protocol's numbers, each with where it comes from. Values only; who keeps them is written at the rule.

"Rule n" is a rule of docs/protocol/README.md.
"""

from typing import Final

# Sizes. The broker's own message limit must be at least MAX_FRAME.
MAX_PAYLOAD: Final = 64 * 1024  # bytes of any payload but a frame, mac included (Transport)
MAX_FRAME: Final = 2 * 1024 * 1024  # bytes of a frame: line, line feed and JPEG (Transport)
MAX_DEPTH: Final = 8  # nesting of objects and arrays, the outer object counts as 1 (Transport)
MAC_TAIL: Final = 74  # bytes of `,"mac":"` + 64 hex digits + `"}` (Transport)
KEY_BYTES: Final = 32  # device key, site key (Transport)
INT_MIN: Final = -(2**63)  # numbers are signed 64 bit: what every language and database can hold
INT_MAX: Final = 2**63 - 1

# Lengths in characters. The protocol fixes ids, names and credential values; the others are ours, far above any use.
MAX_ID: Final = 64
MAX_NAME: Final = 63  # site, device: a DNS label, so that it also fits host names and certificates
MAX_CREDENTIAL: Final = 512  # a QR pass with its signature
MAX_PIN: Final = 32
MAX_REASON: Final = 128  # reasons are codes; another one than ours is kept as sent
MAX_TEXT: Final = 2_000  # one announcement
MAX_LABEL: Final = 128  # firmware, zone, location, host
MAX_DETAIL: Final = 200  # what we tell a log about a bad message

# Times of the session between device and broker.
KEEPALIVE_S: Final = 15
HEARTBEAT_S: Final = 5
HEARTBEAT_BOLLARD_MOVING_MS: Final = 500  # whenever the bollard is not `raised` (rule 11)

# Freshness, by the device's own monotonic clock (rule 1).
CHALLENGE_LIFE_S: Final = 12
TAP_NONCE_LIFE_S: Final = 5
COMMAND_EXPIRY_S: Final = 5  # MQTT 5 message expiry of a command

# Answers to a tap (rules 5 and 6).
ANSWER_TIMEOUT_MS: Final = 1_500
WAIT_MS: Final = 60_000
WAIT_MARGIN_MS: Final = 2_000  # the gateway answers that much before the device would deny alone

# Event buffer (rule 2) and its acknowledgement.
ACK_EVERY_S: Final = 30
RESEND_AFTER_S: Final = 10
RESEND_BACKOFF_MAX_S: Final = 60
MAX_EVENTS_IN_FLIGHT: Final = 50
MAX_EVENTS_PER_S: Final = 200

# Credential lists (rules 6 and 8).
MAX_PAGES: Final = 9_999  # four digits in the topic
PAGE_CHANGE_S: Final = 300  # pages change at most this often
WEEK_MINUTES: Final = 7 * 24 * 60
TOKEN_BYTES: Final = 16

# Bollard (rule 11).
PRESENCE_LIFE_S: Final = 2

# Who is too loud (rule 12); both rates are settings of the gateway.
MAX_MESSAGES_PER_S: Final = 20
MAX_EVENT_MESSAGES_PER_S: Final = 250
TOO_LOUD_FOR_S: Final = 5
QUIET_AGAIN_S: Final = 60
MAX_UNKNOWN_CREDENTIALS_PER_MIN: Final = 10
MAX_WRONG_PINS: Final = 5
PASSAGE_GRACE_S: Final = 10  # added to `hold_ms` before a passage counts as forced

OLD_KEY_LIFE_H: Final = 24  # after a key change the old key is taken until the first message under the new one
