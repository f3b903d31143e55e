// Package history keeps what became of deliveries: a projection of the stream
// ATTEMPTS into SQL, for people and programs who look things up. SQLite serves
// one machine, PostgreSQL several. It is the store alone; package projection
// reads the stream.
//
// It is disposable. What is in it is a function of the set of records that
// were applied, whatever their order and however often they came, so it can be
// dropped and rebuilt from the stream for as far back as that goes.
//
// Times are kept as microseconds since 1970 in UTC, 0 for none, in both
// databases: they compare as they sort, and both give back what they were
// given. Records are finer, so times here are cut to the microsecond.
package history
