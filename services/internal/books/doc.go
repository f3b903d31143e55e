// Package books balances what went into the pipeline with what came out of it:
// deliveries made = delivered + failed + cancelled + waiting.
//
// Each process keeps an account of what it has done and writes it to a bucket
// once a second. What waits is what the streams hold, which no process counts. So
// the two sides come from different places, and a delivery that vanished from a
// stream is missing in their balance.
//
// A process that is killed takes its last second with it. That is seen: the
// streams' own sequences say how many events were routed and how many records
// written, and where the accounts say less, that much was not counted. Once all
// is quiet the books are then opened anew, from what is there.
package books
