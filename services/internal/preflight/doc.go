// Package preflight looks, before a service works and for `posthaste doctor`,
// whether the servers and settings can keep what Posthaste promises: that what
// is acked stays, that what is handed out twice is known, that waits are as long
// as they should be. It changes nothing.
package preflight
