// Package notify tells the operator of subscriptions that were disabled for
// failing: by e-mail, Slack and whatever else shoutrrr has a URL for.
//
// It reads the events subscription.disabled out of EVENTS. Each message is sent
// at least once to every URL: one that took it does not get it again while
// another is retried, but that is remembered in memory only, so a restart, or
// another process that takes the retry over, may repeat a message.
//
// A tenant may publish an event of that type as well. So the event only says
// where to look: what the operator reads is what the subscription itself holds.
package notify
