#!/bin/sh
shell: test.nop
