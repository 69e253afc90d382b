"""Notices on their way to people: mail, messengers, the school's own relay. The only place that knows apprise."""
