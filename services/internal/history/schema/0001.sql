-- A delivery is one event for one subscription, as its newest round has it.
-- Times and latencies are microseconds, 0 for none.
CREATE TABLE deliveries (
  id               {text} PRIMARY KEY,
  tenant           {text} NOT NULL,
  subscription_id  {text} NOT NULL,
  event_id         {text} NOT NULL,
  event_type       {text} NOT NULL,
  test             SMALLINT NOT NULL,
  url              {text} NOT NULL,
  sequence         BIGINT NOT NULL,
  created_at       BIGINT NOT NULL,
  status           {text} NOT NULL,
  attempts         BIGINT NOT NULL,
  rounds           BIGINT NOT NULL,
  first_attempt_at BIGINT NOT NULL,
  last_attempt_at  BIGINT NOT NULL,
  next_attempt_at  BIGINT NOT NULL,
  finished_at      BIGINT NOT NULL,
  response_status  BIGINT NOT NULL,
  latency          BIGINT NOT NULL,
  reason           {text} NOT NULL,
  error            {text} NOT NULL,
  size             BIGINT NOT NULL -- of this row and its attempts
){clustered};

-- For lists, newest first. One without a status merges those of the four.
CREATE INDEX deliveries_by_tenant ON deliveries (tenant, status, created_at, id, test);
CREATE INDEX deliveries_by_subscription ON deliveries (tenant, subscription_id, status, created_at, id, test);
CREATE INDEX deliveries_by_event ON deliveries (tenant, event_id, status, created_at, id, test);
-- For what goes first.
CREATE INDEX deliveries_by_age ON deliveries (created_at);

-- An attempt is one POST, or a note of how a delivery ended without one.
CREATE TABLE attempts (
  delivery_id      {text} NOT NULL,
  round            {text} NOT NULL,
  number           BIGINT NOT NULL,
  note             SMALLINT NOT NULL,
  made_at          BIGINT NOT NULL, -- when its round was made
  started_at       BIGINT NOT NULL,
  latency          BIGINT NOT NULL,
  next_at          BIGINT NOT NULL,
  response_status  BIGINT NOT NULL,
  outcome          {text} NOT NULL,
  reason           {text} NOT NULL,
  error            {text} NOT NULL,
  url              {text} NOT NULL,
  size             BIGINT NOT NULL,
  request_header   {bytes} NOT NULL,
  answer           {bytes} NOT NULL,
  PRIMARY KEY (delivery_id, round, number)
){clustered};

-- How many deliveries there are, for a total without counting: once with the
-- subscription and once, for the whole tenant, with ''.
CREATE TABLE delivery_counts (
  tenant           {text} NOT NULL,
  subscription_id  {text} NOT NULL,
  event_type       {text} NOT NULL,
  test             SMALLINT NOT NULL,
  status           {text} NOT NULL,
  deliveries       BIGINT NOT NULL,
  bytes            BIGINT NOT NULL,
  PRIMARY KEY (tenant, subscription_id, event_type, test, status)
){clustered};
