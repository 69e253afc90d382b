"""HTTP: the API, the pages and the live stream. Acts only through flows; everybody else's oddities end here."""
