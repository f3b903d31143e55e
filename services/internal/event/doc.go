// Package event reads events in every form that producers send them in: the
// JSON of the API, CloudEvents 1.0 (structured, batch and binary), and the
// protobuf Event. All end as *posthastev1.Event with data byte for byte as it
// was sent.
package event
