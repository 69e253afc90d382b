"""Words for the codes of alarms: what happens to one, what it turned out to be, why it is put aside."""

ALARM_WORDS: dict[str, dict[str, str]] = {
    "alarm_moment": {
        "alarm": "Told",
        "alarm_returned": "Its cause is over",
        "alarm_acknowledged": "Acknowledged",
        "alarm_closed": "Closed",
        "alarm_shelved": "Put on the shelf",
        "alarm_out_of_service": "Taken out of service",
        "alarm_back": "Heard again",
        "alarm_step": "Step",
        "alarm_call": "Called",
        "alarm_taken_over": "Taken over",
        "alarm_in_incident": "Part of an incident",
        "alarm_escalated": "A leader was told",
        "alarm_members": "Others joined it",
        "alarm_pictures": "Pictures came",
    },
    "disposal": {
        "handled": "true, and dealt with",
        "false_alarm": "false alarm",
        "test": "test or drill",
        "known_work": "known work there",
        "repaired": "repaired",
        "passed_on": "passed on to others",
        "by_itself": "over by itself",
    },
    "shelf_reason": {
        "work": "people work there",
        "being_repaired": "is being repaired",
        "nuisance": "comes and goes, says nothing new",
        "event": "something announced goes on there",
        "other": "another reason",
    },
    "out_reason": {
        "broken": "broken",
        "rebuilt": "the place is being rebuilt",
        "not_in_use": "not in use",
        "other": "another reason",
    },
    "call_outcome": {
        "answered": "answered",
        "no_answer": "no answer",
        "busy": "busy",
        "on_the_way": "on the way",
    },
}
