package settings

import (
	"reflect"
	"strings"
)

// shortestScrubbed is in bytes. Removing a shorter text would damage words.
const shortestScrubbed = 4

// scrub removes secrets from a text that we did not write, such as the error of
// a client that quotes the URL it was given.
func scrub(text string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= shortestScrubbed {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	return text
}

// secrets lists the texts of the whole command that must not be printed.
func (m *model) secrets() []string {
	var all []string
	for _, o := range m.options {
		all = append(all, o.secrets()...)
	}
	return all
}

// secrets lists the texts of a secret option that must not be printed.
func (o *option) secrets() []string {
	said := o.said
	if said == nil {
		said = o.flagSaid // a problem stopped load before it chose
	}
	if !o.Secret || said == nil {
		return nil
	}
	if scalar(o.typ) != reflect.TypeFor[SecretURL]() {
		return append([]string{strings.Join(said.texts, o.sep)}, o.elements(*said)...)
	}
	var parts []string
	for _, text := range said.texts {
		parts = append(parts, SecretURL(text).secretParts()...)
	}
	return parts
}
