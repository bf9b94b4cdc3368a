import { Module } from '@nestjs/common';

import { Directories } from './directories.js';
import { DirectoryFeed } from './directory.feed.js';

/** A module of its own, so that whoever imports it takes no command before the directory was fed. */
@Module({ providers: [Directories, DirectoryFeed], exports: [Directories] })
export class DirectoryModule {}
