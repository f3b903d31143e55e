package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// payload is one example of what GitHub sends.
type payload struct {
	ID        string
	EventType string          // "push", or with its action "issues.opened"
	Name      string          // GitHub's name of the event, as "issues"
	Data      json.RawMessage // as it stands in the package, white space and all
}

// readIndex reads the package's index of examples.
func readIndex(text []byte) ([]payload, error) {
	var events []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(text, &events); err != nil {
		return nil, fmt.Errorf("read index of examples: %w", err)
	}
	var all []payload
	for _, e := range events {
		for i, data := range e.Examples {
			var known struct {
				Action string `json:"action"`
			}
			if err := json.Unmarshal(data, &known); err != nil {
				return nil, fmt.Errorf("read example %d of %s: %w", i, e.Name, err)
			}
			p := payload{ID: fmt.Sprintf("github_%s_%d", e.Name, i), EventType: e.Name, Name: e.Name, Data: data}
			if known.Action != "" {
				p.EventType += "." + known.Action
			}
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the index of examples is empty")
	}
	return all, nil
}
