//! A pipe with a layer that needs writes to read.

use super::*;
