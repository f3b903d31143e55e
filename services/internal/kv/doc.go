// Package kv keeps protobuf records in JetStream KV buckets, and memory like
// them.
//
// A Bucket changes records by compare-and-set, so two writers never undo each
// other. A Mirror follows a bucket and tells a Memory of every change; a Table
// is the Memory that most need.
package kv
