// Package acceptance holds the tests that use allclear as people do: the built program, its data
// folder, its HTTP API and its published files, nothing inside. They need a built binary, which
// they make themselves, and only loopback.
package acceptance
