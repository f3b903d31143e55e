// Package template fills text with what is known of a delivery: a dialect's
// body, and the values of its headers.
//
// A placeholder is ${name}, or ${name|default} where an event may have no such
// value, the default being a JSON value. All mistakes in a template are found
// when it is compiled and checked, so that filling it cannot fail, and filling
// allocates nothing but room.
package template
