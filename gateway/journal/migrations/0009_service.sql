-- What the service levels are made of, by time.

CREATE INDEX history_service ON history (at)
    WHERE kind IN ('forward-confirmed', 'asked', 'answered', 'reminded');
