-- Large bodies in pieces, so that none holds up other writes while it is written.

CREATE TABLE piece (
    digest TEXT NOT NULL, -- of the whole body
    number INTEGER NOT NULL, -- from 0
    bytes BLOB NOT NULL,
    PRIMARY KEY (digest, number)
) STRICT;

ALTER TABLE body ADD COLUMN pieces INTEGER NOT NULL DEFAULT 0; -- its bytes stand in so many

-- Bodies whose bytes are here, and how many bytes that is.
CREATE VIEW kept_body AS
SELECT digest,
       coalesce(length(bytes),
                (SELECT sum(length(p.bytes)) FROM piece AS p WHERE p.digest = body.digest)) AS size
  FROM body
 WHERE bytes IS NOT NULL OR pieces > 0;
