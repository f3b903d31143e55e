package gate

// Open says whether the circuit is open.
func (g *Gate[J]) Open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.circuit.open
}
