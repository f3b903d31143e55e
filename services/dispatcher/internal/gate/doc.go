// Package gate decides whether a delivery may go to its endpoint now.
//
// A gate stands before one endpoint: one subscription at one host and port. It
// limits the POSTs at once by how the endpoint fares, closes while the
// endpoint has asked for a pause, and has a circuit, which opens when nothing
// but failures come back and then lets one probe through at a time. A delivery
// that finds no place waits in the gate only where its turn is a moment away.
// Else it is sent away, to come back at a time of its own. So no worker is ever
// held by an endpoint's queue, and an endpoint hurts nobody but itself.
//
// A gate is told the time and decides; it does nothing else.
package gate
