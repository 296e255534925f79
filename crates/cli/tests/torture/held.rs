//! To be filled. Soon.
