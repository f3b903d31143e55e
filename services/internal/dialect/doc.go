// Package dialect says how a delivery looks on the wire and how failure is
// treated. A dialect is data: the built-in ones are YAML files of the form in
// which an operator writes further ones.
//
// A Set is loaded once, at start; its dialects never change. What a file says
// is checked whole at that time, so that shaping a delivery cannot fail: the
// body is a template whose placeholders stand where JSON values stand, and
// every placeholder gives one.
package dialect
