-- oldest: 3
-- Large bodies in pieces, so that none holds up other writes while it is written. A worker of an
-- older program would take such a body for one that was erased.

CREATE TABLE piece (
    digest text COLLATE "C" NOT NULL, -- of the whole body
    number bigint NOT NULL, -- from 0
    bytes bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (digest, number)
);
ALTER TABLE piece ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE body ADD COLUMN pieces bigint NOT NULL DEFAULT 0; -- its bytes stand in so many

-- Bodies whose bytes are here, and how many bytes that is.
CREATE VIEW kept_body AS
SELECT digest,
       coalesce(length(bytes),
                (SELECT sum(length(p.bytes)) FROM piece AS p WHERE p.digest = body.digest)) AS size
  FROM body
 WHERE bytes IS NOT NULL OR pieces > 0;
