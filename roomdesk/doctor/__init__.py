"""Looking at every part of an installation and saying what to do. One function per part; nothing is changed."""
