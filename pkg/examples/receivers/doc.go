// Package receivers runs the webhook receivers that the pages of Neiracore,
// AI City and AgentRail show, as programs of Node, so that tests can deliver
// to them. README.md tells how to run them by hand.
//
// Neiracore's needs Node 20 alone. The others need Express or Hono, which npm
// installs into the user's cache directory when they are first started.
package receivers
