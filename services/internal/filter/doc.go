// Package filter matches the data of events against patterns in Amazon
// EventBridge's event pattern language
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
//
// A pattern is a JSON object of the shape of the data. Its leaves are arrays
// of alternatives: scalars, and objects of one operator each. All members of a
// pattern must match, and of a leaf one alternative.
//
//	{"order": {"customer": ["c77", "c78"], "total": [{"numeric": [">", 100]}]}}
//
// Operators: prefix, suffix (each of a string or of {"equals-ignore-case": …}),
// equals-ignore-case, wildcard, numeric, cidr, exists, anything-but, and $or,
// which stands where a member stands and holds an array of patterns.
//
// What the language leaves open, or what differs here:
//
//   - Numbers are compared as exact decimals of any size, so 5, 5.0 and 5e0 are
//     the same and 9007199254740993 is not 9007199254740992. EventBridge stops
//     at ±5e9 and 6 digits after the point.
//   - Strings, numbers, booleans and null are never equal to one another. Text
//     operators look at strings alone and numeric at numbers alone; cidr looks
//     at strings that hold an IP address, and takes an IPv4 address in IPv6
//     form for both.
//   - An array in the data matches a leaf if one of its elements does, however
//     deep it is nested; so anything-but matches where at least one element is
//     something else. anything-but matches scalars of other types too.
//   - Where the data has an array of objects, one and the same element must
//     match all that a pattern says of it.
//   - exists asks for a scalar (null is one); an object or an empty array is
//     not one, as in EventBridge. {"exists": false} holds where there is none at
//     the path in all of the data: no element of any array has it.
//   - Of a name that stands twice in an object of the data, the last one counts.
//   - Data that is no object has no members: a pattern matches it only if all
//     that it asks for is {"exists": false}.
//   - $or with a single branch is taken, and cannot be the name of a member.
package filter
